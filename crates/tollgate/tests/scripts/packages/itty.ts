// A router of a few lines.
import { AutoRouter, error, json, withParams } from "itty-router";

const router = AutoRouter({ base: "/itty", before: [withParams], finally: [(response: Response) => void response.headers.set("x-itty", "yes")] });
router
  .get("/todos/:id", ({ id }) => ({ id }))
  .post("/todos", async (request) => json({ made: (await request.json()).title }, { status: 201 }))
  .get("/gone", () => error(410, "gone for good"))
  .get("/broken", () => {
    throw new Error("broken");
  });

export default (request: Request) => router.fetch(request);
