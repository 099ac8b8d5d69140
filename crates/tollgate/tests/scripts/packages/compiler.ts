// What validators do that write code for each schema: it must fail, and say why.
export default () => {
  const compile = (schema: { type: string }) => new Function("data", `return typeof data === "${schema.type}"`);
  return { valid: compile({ type: "string" })("a text") };
};

export const quiet = () => {
  const works = (() => {
    try {
      return Boolean(new Function("return true")());
    } catch {
      return false;
    }
  })();
  return { works, eval: typeof (globalThis as any).eval };
};
