// A body that is checked and completed by a schema.
import { z } from "zod";

const Item = z.object({ sku: z.string().regex(/^[A-Z]{2}-\d+$/), count: z.int().positive().default(1) });
const Order = z
  .object({
    id: z.uuid(),
    email: z.email(),
    placed: z.coerce.date(),
    items: z.array(Item).min(1),
    payment: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("card"), last4: z.string().length(4) }),
      z.object({ kind: z.literal("invoice"), days: z.number().max(60) }),
    ]),
  })
  .transform((order) => ({ ...order, pieces: order.items.reduce((sum, item) => sum + item.count, 0) }));

type Order = z.infer<typeof Order>;

export default async function (request: Request) {
  const parsed = Order.safeParse(await request.json());
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, code, message }) => ({ path: path.join("."), code, message }));
    return Response.json({ issues, tree: z.flattenError(parsed.error) }, { status: 422 });
  }
  const order: Order = parsed.data;
  return { id: order.id, year: order.placed.getUTCFullYear(), pieces: order.pieces, payment: order.payment };
}

export async function asynchronous(request: Request) {
  const Name = z.string().refine(async (name) => (await Promise.resolve(name)).startsWith("a"), "must begin with a");
  const name = new URL(request.url).searchParams.get("name");
  try {
    return { name: await Name.parseAsync(name) };
  } catch (error) {
    return { zod: error instanceof z.ZodError, message: z.prettifyError(error as z.ZodError) };
  }
}

export const schema = () => z.toJSONSchema(Item);
