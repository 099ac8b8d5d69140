// Rows of a database behind a REST interface.
import { createClient } from "@supabase/supabase-js";

const client = (request: Request) => createClient(request.headers.get("x-base")!, "an-anonymous-key", { auth: { persistSession: false } });

export async function rows(request: Request) {
  const { data, error, count } = await client(request)
    .from("countries")
    .select("id,name", { count: "exact" })
    .eq("continent", "Europe")
    .order("name")
    .limit(2);
  return { data, error, count };
}

export async function added(request: Request) {
  const { data, error, status } = await client(request).from("countries").insert({ name: "Malta" }).select().single();
  return { data, error, status };
}

export async function called(request: Request) {
  const { data, error } = await client(request).rpc("broken", { a: 1 });
  return { data, code: error?.code, message: error?.message };
}

export async function invoked(request: Request) {
  const { data, error } = await client(request).functions.invoke("hello", { body: { name: "Ada" } });
  return { data, error };
}
