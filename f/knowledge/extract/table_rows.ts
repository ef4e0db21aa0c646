import type { TextWriter } from "./text_writer.ts";

export interface Table {
  /** the columns' names; empty where the document does not say */
  labels: readonly string[];
  rows: readonly (readonly string[])[];
}

/**
 * A table, a line for each row. Each value stands with the name of its column: a passage may hold any of the rows,
 * and none but the first would say what "24" is.
 */
export function writeTable({ labels, rows }: Table, writer: TextWriter): void {
  if (rows.length === 0) writer.write(labels.join(" | "));
  for (const row of rows) {
    writer.breakLine();
    writer.write(rowText(row, row.length === labels.length ? labels : []));
  }
}

function rowText(row: readonly string[], labels: readonly string[]): string {
  const cells = row.map((value, column) => withLabel(value.trim(), labels[column] ?? ""));
  return cells.filter((cell) => cell !== "").join(" | ");
}

/** An empty value says nothing, and then neither does its label. */
export function withLabel(value: string, label: string): string {
  return value === "" || label === "" ? value : `${label}: ${value}`;
}
