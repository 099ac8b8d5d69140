// An application whose `fetch` answers for every route below it.
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { getCookie, setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";
import { validator } from "hono/validator";

const app = new Hono<{ Variables: { began: string } }>().basePath("/app");

app.use("*", async (c, next) => {
  c.set("began", "yes");
  await next();
  c.header("x-hono", c.get("began"));
});
app.use("/admin/*", bearerAuth({ token: "a-token-of-the-test" }));
app.get("/admin/status", (c) => c.json({ fine: true }));
app.get("/books/:id{[0-9]+}", (c) => c.json({ id: c.req.param("id"), tags: c.req.queries("tag") ?? [], agent: c.req.header("user-agent") ?? null }));
app.post(
  "/books",
  validator("json", (value, c) => (typeof value.title === "string" ? { title: value.title as string } : c.text("a title is missing", 400))),
  (c) => c.json({ made: c.req.valid("json").title }, 201),
);
app.post("/form", async (c) => c.json(await c.req.parseBody()));
app.get("/cookie", (c) => {
  setCookie(c, "seen", `${Number(getCookie(c, "seen") ?? 0) + 1}`, { httpOnly: true, path: "/" });
  return c.body(null, 204);
});
app.get("/stream", (c) =>
  stream(c, async (out) => {
    for (const word of ["one ", "two ", "three"]) {
      await out.write(word);
      await out.sleep(1);
    }
  }),
);
app.get("/teapot", () => {
  throw new HTTPException(418, { message: "short and stout" });
});
app.notFound((c) => c.json({ nothing: c.req.path }, 404));

export default (request: Request) => app.fetch(request);
