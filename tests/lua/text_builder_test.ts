import { assertEquals } from "@std/assert";
import { TextBuilder } from "../../lua/text_builder.ts";
import { seededRandom } from "../helpers/seeded.ts";

Deno.test("a text is its pieces, however many and long they are", () => {
  const random = seededRandom(3);
  for (const longest of [1, 10, 1000, 20_000]) {
    const built = new TextBuilder();
    let model = "";
    for (let i = 0; i < 300; i++) {
      const piece = String.fromCharCode(random.below(256)).repeat(random.below(longest + 1));
      built.add(piece);
      model += piece;
      assertEquals(built.length, model.length);
    }
    assertEquals(built.toString() === model, true);
    built.add("more");
    assertEquals(built.toString() === model + "more", true, "it can be added to after it was read");
  }
});
