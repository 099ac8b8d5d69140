/** Computes without a pause for some tens of milliseconds. */
export default function busy() {
  let sum = 0;
  for (let number = 0; number < 1_000_000; number++) sum += number % 7;
  return new Response(String(sum));
}
