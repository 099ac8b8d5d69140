// Cookies that come, and cookies that are set.
import { parse, serialize } from "cookie";

export default (request: Request) => {
  const cookies = parse(request.headers.get("cookie") ?? "");
  const response = Response.json({ cookies });
  response.headers.append("set-cookie", serialize("session", "a b/ü", { httpOnly: true, sameSite: "lax", maxAge: 60, path: "/" }));
  response.headers.append("set-cookie", serialize("old", "", { expires: new Date(0) }));
  return response;
};
