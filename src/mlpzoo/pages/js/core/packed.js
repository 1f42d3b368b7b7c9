// Numbers that `mlpzoo.pages.packed` wrote: base64 of deflated float32, byte planes one by one.

/** @returns {Promise<Float64Array>} */
export async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / 4;
  const floats = new Uint8Array(planes.length);
  for (let plane = 0; plane < 4; plane++) {
    for (let i = 0; i < count; i++) floats[4 * i + plane] = planes[plane * count + i];
  }
  return Float64Array.from(new Float32Array(floats.buffer));
}
