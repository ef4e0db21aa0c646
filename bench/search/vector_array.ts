/** pgvector's vector[] in PostgreSQL's binary form: as text, 100,000 vectors would be 2 GB to write and to read. */
export function vectorArray(vectors: readonly Float32Array[], vectorOid: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32BE(1, 0); // dimensions of the array
  header.writeInt32BE(vectorOid, 8);
  header.writeInt32BE(vectors.length, 12);
  header.writeInt32BE(1, 16); // the first index
  return Buffer.concat([header, ...vectors.map(element)]);
}

function element(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(8 + 4 * vector.length);
  bytes.writeInt32BE(4 + 4 * vector.length, 0);
  bytes.writeInt16BE(vector.length, 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatBE(value, 8 + 4 * at);
  return bytes;
}
