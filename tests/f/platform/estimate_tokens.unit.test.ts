import { expect, it } from "vitest";
import { estimateTokens } from "../../../f/platform/estimate_tokens.ts";

/** What gpt-tokenizer 4.0.0 counts with o200k_base. */
const COUNTED: readonly [language: string, tokens: number, text: string][] = [
  [
    "english",
    39,
    "Hello, I ordered two lamps last Tuesday and the parcel has not arrived yet. Could you tell me where it is, and whether I can still change the delivery address? Thank you very much.",
  ],
  [
    "spanish",
    38,
    "Hola, pedí dos lámparas el martes pasado y el paquete todavía no ha llegado. ¿Podría decirme dónde está y si aún puedo cambiar la dirección de entrega? Muchas gracias.",
  ],
  [
    "german",
    41,
    "Guten Tag, ich habe letzten Dienstag zwei Lampen bestellt und das Paket ist noch nicht angekommen. Können Sie mir sagen, wo es ist und ob ich die Lieferadresse noch ändern kann? Vielen Dank.",
  ],
  [
    "portuguese",
    40,
    "Olá, encomendei dois candeeiros na terça-feira passada e a encomenda ainda não chegou. Pode dizer-me onde está e se ainda posso alterar a morada de entrega? Muito obrigado.",
  ],
  [
    "turkish",
    49,
    "Merhaba, geçen salı iki lamba sipariş ettim ve paket hâlâ gelmedi. Nerede olduğunu ve teslimat adresini değiştirip değiştiremeyeceğimi söyleyebilir misiniz? Çok teşekkür ederim.",
  ],
  [
    "polish",
    59,
    "Dzień dobry, w zeszły wtorek zamówiłem dwie lampy, a paczka jeszcze nie dotarła. Czy mogą mi Państwo powiedzieć, gdzie ona jest i czy mogę jeszcze zmienić adres dostawy? Dziękuję bardzo.",
  ],
  [
    "vietnamese",
    52,
    "Xin chào, thứ Ba tuần trước tôi đã đặt hai chiếc đèn nhưng bưu kiện vẫn chưa đến. Bạn có thể cho tôi biết nó đang ở đâu và tôi còn có thể đổi địa chỉ giao hàng không? Cảm ơn rất nhiều.",
  ],
  [
    "russian",
    42,
    "Здравствуйте, в прошлый вторник я заказал две лампы, а посылка ещё не пришла. Скажите, пожалуйста, где она и можно ли ещё изменить адрес доставки? Большое спасибо.",
  ],
  [
    "greek",
    67,
    "Γεια σας, παρήγγειλα δύο φωτιστικά την περασμένη Τρίτη και το δέμα δεν έχει φτάσει ακόμη. Μπορείτε να μου πείτε πού βρίσκεται και αν μπορώ να αλλάξω τη διεύθυνση παράδοσης; Ευχαριστώ πολύ.",
  ],
  [
    "arabic",
    44,
    "مرحبا، طلبت مصباحين يوم الثلاثاء الماضي ولم يصل الطرد بعد. هل يمكنك أن تخبرني أين هو، وهل ما زال بإمكاني تغيير عنوان التسليم؟ شكرا جزيلا.",
  ],
  [
    "hebrew",
    48,
    "שלום, הזמנתי שתי מנורות ביום שלישי שעבר והחבילה עדיין לא הגיעה. האם תוכלו לומר לי היכן היא, והאם אני עדיין יכול לשנות את כתובת המשלוח? תודה רבה.",
  ],
  [
    "hindi",
    54,
    "नमस्ते, मैंने पिछले मंगलवार को दो लैंप मंगवाए थे और पार्सल अभी तक नहीं आया है। क्या आप बता सकते हैं कि वह कहाँ है और क्या मैं अब भी डिलीवरी का पता बदल सकता हूँ? बहुत धन्यवाद।",
  ],
  [
    "tamil",
    52,
    "வணக்கம், கடந்த செவ்வாய்க்கிழமை நான் இரண்டு விளக்குகளை ஆர்டர் செய்தேன், பார்சல் இன்னும் வரவில்லை. அது எங்கே இருக்கிறது, முகவரியை மாற்ற முடியுமா என்று சொல்ல முடியுமா? மிக்க நன்றி.",
  ],
  [
    "thai",
    60,
    "สวัสดีค่ะ ฉันสั่งโคมไฟสองอันเมื่อวันอังคารที่แล้วและพัสดุยังไม่มาถึง ช่วยบอกได้ไหมว่าอยู่ที่ไหน และยังเปลี่ยนที่อยู่จัดส่งได้หรือไม่ ขอบคุณมากค่ะ",
  ],
  [
    "chinese",
    41,
    "您好，我上周二订购了两盏灯，包裹还没有到。您能告诉我它在哪里吗？我还可以更改送货地址吗？非常感谢。",
  ],
  [
    "japanese",
    53,
    "こんにちは、先週の火曜日にランプを二つ注文しましたが、荷物がまだ届いていません。今どこにあるか、配送先の住所をまだ変更できるか教えていただけますか。よろしくお願いします。",
  ],
  [
    "korean",
    52,
    "안녕하세요, 지난주 화요일에 램프 두 개를 주문했는데 아직 소포가 도착하지 않았습니다. 지금 어디에 있는지, 배송 주소를 아직 바꿀 수 있는지 알려 주시겠어요? 정말 감사합니다.",
  ],
  [
    "numbers",
    72,
    "Order 4500123987, IBAN DE89370400440532013000, total 1,299.95 EUR, tel +49 30 1234567, 2026-11-21T09:30:00Z, https://shop.example/orders/4500123987?ref=A1B2C3D4",
  ],
  ["emoji", 18, "Thank you!!! 😀👍🏽❤️🎉 see you soon 🙏🏼😂😂"],
];

it.each(COUNTED)(
  "estimates %s near what is counted, and hardly ever below it",
  (_, tokens, text) => {
    const estimated = estimateTokens(text);
    expect(estimated).toBeGreaterThanOrEqual(tokens * 0.93);
    expect(estimated).toBeLessThanOrEqual(tokens * 1.4);
  },
);

it("counts nothing where nothing is", () => {
  expect(estimateTokens("")).toBe(0);
});
