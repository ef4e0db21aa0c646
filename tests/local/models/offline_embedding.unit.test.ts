import { describe, expect, it } from "vitest";
import { embedOffline } from "../../../local/models/offline_embedding.ts";

/** The cosine that a chatbot's passages have to reach unless it says otherwise. */
const GATE = 0.25;

function similarity(a: string, b: string): number {
  const other = embedOffline(b);
  return embedOffline(a).reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}

const PASSAGES = {
  en: "Warranty. The frame warranty lasts seven years from the day of purchase. Brakes, gears and lights carry a warranty of two years. To make a claim, show the receipt in any shop.",
  es: "Envíos. El envío a las islas cuesta catorce euros y tarda nueve días laborables, porque el transbordador solo lleva mercancía los martes.",
  de: "Rückgabe. Ein ungefahrenes Fahrrad kann innerhalb von dreißig Tagen gegen volle Erstattung zurückgegeben werden.",
  ru: "Первый осмотр велосипеда проводится бесплатно после трёхсот километров пробега. Цепь смазывайте каждые две недели.",
  ar: "الفحص الأول للدراجة مجاني بعد ثلاثمائة كيلومتر. يجب تزييت السلسلة كل أسبوعين.",
  zh: "车架的保修期为自购买之日起七年。刹车、变速器和车灯的保修期为两年。",
  th: "การรับประกันเฟรมมีอายุเจ็ดปีนับจากวันที่ซื้อ เบรกและไฟมีการรับประกันสองปี",
};

const QUESTIONS: [keyof typeof PASSAGES, string, string][] = [
  ["en", "How long does the warranty on the frame last?", "Who won the chess championship?"],
  ["en", "what's the waranty for the frames", "Do you repair washing machines?"], // a misspelt word
  ["es", "¿Cuánto cuesta el envío a las islas?", "¿Quién ganó el campeonato de ajedrez?"],
  ["de", "Kann ich mein Fahrrad zurückgeben?", "Wer gewann die Schachmeisterschaft?"],
  ["ru", "Когда первый осмотр велосипеда?", "Кто выиграл чемпионат по шахматам?"],
  ["ar", "متى الفحص الأول للدراجة؟", "من فاز ببطولة الشطرنج؟"],
  ["zh", "车架保修期多久？", "谁赢得了象棋冠军？"],
  ["th", "การรับประกันเฟรมกี่ปี", "ใครชนะการแข่งขันหมากรุก"],
];

describe("embedOffline", () => {
  it("has unit length and is the same every time", () => {
    const vector = embedOffline("The frame warranty lasts seven years.");
    expect(Math.hypot(...vector)).toBeCloseTo(1, 10);
    expect(vector).toEqual(embedOffline("The frame warranty lasts seven years."));
  });

  it("is dense, as a model's vectors are: hardly any number is 0, and many are on either side", () => {
    const vector = embedOffline(PASSAGES.en);
    expect(vector.filter((value) => value === 0).length).toBeLessThan(15);
    expect(vector.filter((value) => value < 0).length).toBeGreaterThan(400);
    expect(vector.filter((value) => value > 0).length).toBeGreaterThan(400);
  });

  it.each(QUESTIONS)("parts answers from the rest in %s: %s", (language, answered, unrelated) => {
    expect(similarity(answered, PASSAGES[language])).toBeGreaterThan(GATE);
    expect(similarity(unrelated, PASSAGES[language])).toBeLessThan(GATE);
  });

  it.each(["What is it?", "???", "👍"])("keeps %s away from every passage", (text) => {
    for (const passage of Object.values(PASSAGES)) {
      expect(similarity(text, passage)).toBeLessThan(GATE);
    }
  });

  it("brings the forms of a word together", () => {
    expect(similarity("delivery", "deliveries")).toBeGreaterThan(0.9);
    expect(similarity("delivery", "warranty")).toBeLessThan(GATE);
  });
});
