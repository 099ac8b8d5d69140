// A model that is asked, its answer whole and as it comes.
import OpenAI from "openai";

const client = (request: Request) =>
  new OpenAI({ apiKey: "sk-of-the-test", baseURL: request.headers.get("x-base")!, maxRetries: 1 });
const question = { model: "gpt-test", messages: [{ role: "user" as const, content: "Say hello." }] };

export async function whole(request: Request) {
  const completion = await client(request).chat.completions.create(question);
  return { text: completion.choices[0].message.content, tokens: completion.usage?.total_tokens };
}

export async function streamed(request: Request) {
  const stream = await client(request).chat.completions.create({ ...question, stream: true });
  const parts: string[] = [];
  for await (const chunk of stream) parts.push(chunk.choices[0]?.delta?.content ?? "");
  return { parts };
}

/** What comes goes on to the client as it comes. */
export async function passed(request: Request) {
  const stream = await client(request).chat.completions.create({ ...question, stream: true });
  return new Response(stream.toReadableStream(), { headers: { "content-type": "application/x-ndjson" } });
}

export async function refused(request: Request) {
  try {
    await client(request).chat.completions.create({ ...question, model: "gone" });
    return { accepted: true };
  } catch (error) {
    if (!(error instanceof OpenAI.NotFoundError)) throw error;
    return { status: error.status, code: error.code, message: error.message };
  }
}
