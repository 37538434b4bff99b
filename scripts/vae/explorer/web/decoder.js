// The decoder, run by ONNX Runtime, whose script defines `ort`.

async function startDecoder(run) {
  const packed = ["glue", "wasm"].map((id) => unpack(document.getElementById(id).textContent));
  const [glue, wasm, model] = await Promise.all([...packed, unpack(run.decoder)]);
  // A page from a file may import nothing but what it holds itself.
  const url = URL.createObjectURL(new Blob([glue], { type: "text/javascript" }));
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.wasm.wasmPaths = { mjs: url };
  ort.env.wasm.wasmBinary = wasm;
  const options = { executionProviders: ["wasm"] };
  const session = await ort.InferenceSession.create(new Uint8Array(model), options);
  URL.revokeObjectURL(url);
  const classes = session.inputNames.includes("class") ? run.classNames.length : 0;

  // Images of codes [n * D], of one class: the mean of p(x|z), [n * H * W * C] in [0, 1]. Values of
  // z below the code, where a network has any, are 0.
  async function decode(codes, label) {
    const n = codes.length / run.latentDim;
    const z = new Float32Array(n * run.latentSize);
    for (let i = 0; i < n; i++) {
      z.set(codes.subarray(i * run.latentDim, (i + 1) * run.latentDim), i * run.latentSize);
    }
    const feeds = { z: new ort.Tensor("float32", z, [n, run.latentSize]) };
    if (classes) {
      const oneHot = new Float32Array(n * classes);
      for (let i = 0; i < n; i++) oneHot[i * classes + label] = 1;
      feeds.class = new ort.Tensor("float32", oneHot, [n, classes]);
    }
    const { mean } = await session.run(feeds, ["mean"]);
    return mean.data;
  }
  return { decode, classes };
}

// Image number i of what decode() gave, as pixels for a canvas.
function toPixels(mean, [height, width, channels], i = 0) {
  const pixels = new ImageData(width, height);
  const size = width * height;
  const start = i * size * channels;
  for (let p = 0; p < size; p++) {
    const at = start + p * channels;
    for (let c = 0; c < 3; c++) {
      // Clamped and rounded by the array itself.
      pixels.data[4 * p + c] = 255 * mean[channels === 3 ? at + c : at];
    }
    pixels.data[4 * p + 3] = 255;
  }
  return pixels;
}
