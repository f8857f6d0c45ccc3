import { crash } from "./crash.ts";

Deno.test("kill -9 at random moments loses nothing that was acknowledged", async () => {
  const rounds = Number(Deno.env.get("TOY_REDIS_CRASH_ROUNDS") ?? (Deno.env.get("CI") === "true" ? 25 : 6));
  await crash({ rounds, seed: Number(Deno.env.get("TOY_REDIS_SEED") ?? 1) });
});
