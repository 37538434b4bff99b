# Results

Every figure here was computed by the pipeline on test images, on two cores of a shared machine without a GPU; training times are wall times, while others used the same cores, so that they are rather too long. ± is the standard deviation over three seeds. Nats are summed over pixels and channels and averaged over images. What each figure means, with its unit and source: `scripts/vae/metrics.py`; `metrics.json` beside a run has all of them with their standard errors.

To make the tables again (the settings that `config.yaml` does not have are in [results.yaml](results.yaml)):

```sh
snakemake --cores 2 --configfile docs/results.yaml -- results/{mnist,cifar10,caltech101_92}/comparison.csv
python -m scripts.bench.results results/*/comparison.csv
```

## MNIST: which latent size?

All 60,000 training images, gray pixels, Bernoulli likelihood: the cross-entropy that most of the literature calls −ELBO. NLL is of the first 2,000 test images: importance-weighted with 500 draws, exact by quadrature. The Fréchet distances compare 2,000 generated with 2,000 test images by the features of a small classifier of digits (not Inception: these are no FIDs); as many training images have @FLOOR@.

@MNIST@

Published figures on the same loss and the same test images:

| network | latent size | training | −ELBO | NLL, exact | source |
| --- | --- | --- | --- | --- | --- |
| 784-512-z-512-784, the original project's published weights | 2 | rmsprop, batch 256, 60 epochs | | 144.0 | measured by us on its weights, first 2,000 test images |
| 784-256-z-256-784 | 2 | Adam, batch 100, 50 epochs | 150.6 | | a public notebook of the Keras example |
| the same | 2 | rmsprop, batch 100, 50 epochs | 153.0 | | the same notebook |
| convolutional, the Keras example | 2 | rmsprop, 30 epochs | 147.4 | | a public notebook |
| 784-400-z-400-784 | 20 | Adam, batch 128, 10 epochs | 105.6 | | pytorch/examples, public log |

What differs here: 512 hidden units, Adam with one epoch of warm-up and a half cosine to 0, and a learning rate of 0.008. What the rate gave at otherwise equal settings, one seed each: in 10 epochs at latent size 20, test loss 107.0 (0.002), 104.9 (0.003), 104.5 (0.004), 103.6 (0.006), 102.9 (0.01), 103.0 (0.02); batch 128 at 0.002 gave 104.6. In 60 epochs at latent size 2: 149.3 (0.002), 147.6 (0.006, mean of two), 147.6 (0.012, mean of two).

In two dimensions −ELBO and NLL are far apart: an encoder that takes an image for another digit is wrong about where its code lies, which the exact NLL, having no encoder, does not mind. The importance-weighted NLL samples wide of the posterior in up to three dimensions for that reason.

## Colour: `conv` beside `resnet`

Gaussian likelihood of one learned variance, mirrored training images, 6,000 training and 1,200 test images of CIFAR-10, 2,424 and 606 of Caltech101 at 92 x 92 pixels (short archives: with all images, both networks do better). Both networks for the same number of epochs; bits a dimension are −ELBO of 8-bit pixels, in bits a pixel and channel.

CIFAR-10:

@CIFAR@

Caltech101 at 92 pixels:

@CALTECH@

@TRIED@
