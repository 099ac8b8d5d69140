// What a GraphQL response says went wrong.

const { Response } = globalThis;

/**
 * The `errors` of a GraphQL answer (GraphQL over HTTP, §6.4): of a response, which stays readable, of its
 * text or of its body as a value. None where there are none.
 */
export async function extractGraphqlErrors(source) {
  try {
    let body = source;
    if (body instanceof Response) body = await body.clone().text();
    if (typeof body === "string") body = JSON.parse(body);
    const answers = Array.isArray(body) ? body : [body];
    return answers.flatMap((answer) => (Array.isArray(answer?.errors) ? answer.errors : []));
  } catch {
    return [];
  }
}
