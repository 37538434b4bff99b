// What the page carries: JSON, and numbers as base64 of gzip.

"use strict";

const FAR = -32768; // in place of where an image lies on the map

async function unpack(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

const unpackAs = async (Type, text) => new Type(await unpack(text));

// The run: what explorer.content() in Python wrote, its numbers as typed arrays.
async function readRun() {
  const run = JSON.parse(document.getElementById("run").textContent);
  const [codes, scale, labels, scores] = await Promise.all([
    unpackAs(Int16Array, run.codes),
    unpackAs(Float32Array, run.scale),
    unpackAs(Int16Array, run.labels),
    unpackAs(Float32Array, run.scores),
  ]);
  run.codes = Float32Array.from(codes, (value, i) => value * scale[i % run.latentDim]);
  run.labels = labels;
  run.scores = scores;
  for (const part of [run.components, run.mixture]) {
    for (const name of ["mean", "axes", "means", "factors"]) {
      if (part?.[name]) part[name] = await unpackAs(Float32Array, part[name]);
    }
  }
  if (run.map) {
    const places = await unpackAs(Int16Array, run.map.places);
    const { scale } = run.map;
    run.map = Float32Array.from(places, (value) => (value === FAR ? NaN : value * scale));
  }
  if (run.pictures) {
    run.pictures.image = new Image();
    run.pictures.image.src = run.pictures.url;
    await run.pictures.image.decode();
  }
  return run;
}
