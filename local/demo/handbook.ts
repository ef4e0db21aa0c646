import { PDFDocument, StandardFonts } from "pdf-lib";

export const HANDBOOK_NAME = "Aurora customer handbook";

interface HandbookPage {
  heading: string;
  lines: string[];
}

const PAGES: HandbookPage[] = [
  {
    heading: "Welcome to Aurora Bikes",
    lines: [
      "Thank you for riding with us. This handbook belongs to every bicycle",
      "that leaves our workshop in the harbour street.",
      "Keep it: it tells you what we promise and what your bicycle needs.",
      "The serial number is stamped under the bottom bracket.",
    ],
  },
  {
    heading: "Warranty",
    lines: [
      "The frame warranty lasts seven years from the day of purchase.",
      "Brakes, gears and lights carry a warranty of two years.",
      "Tyres, chains and brake pads wear out with use and are not covered.",
      "To make a claim, show the receipt and the serial number in any shop.",
    ],
  },
  {
    heading: "Returns and exchange",
    lines: [
      "You may return an unridden bicycle within thirty days for a full refund.",
      "A bicycle that was ridden can be exchanged for another size within ten days.",
      "Helmets and clothing can be returned when the label is still attached.",
    ],
  },
  {
    heading: "Inspection and care",
    lines: [
      "The first inspection is due after 300 kilometres and is free of charge.",
      "After that, have the bicycle inspected once a year.",
      "Oil the chain every two weeks and check the tyre pressure every month.",
      "Never clean the bearings with a pressure washer.",
    ],
  },
];

/** The handbook as a PDF of four pages; what it says stands on one page each. */
export async function makeHandbookPdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.setTitle(HANDBOOK_NAME);
  const regular = await document.embedFont(StandardFonts.Helvetica);
  const bold = await document.embedFont(StandardFonts.HelveticaBold);
  for (const { heading, lines } of PAGES) {
    const page = document.addPage([420, 595]);
    page.drawText(heading, { x: 40, y: 530, size: 18, font: bold });
    for (const [index, line] of lines.entries()) {
      page.drawText(line, { x: 40, y: 490 - index * 18, size: 10, font: regular });
    }
  }
  return document.save();
}
