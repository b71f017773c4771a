"""Experiment 4: SAGD against SGD with momentum and batch gradient descent, on images held out."""

import lab

OPTIMIZERS = ["sagd", "momentum", "batch", "preconditioned-sgd"]

source, title = lab.synthetic()
page = lab.Page(
    "optimizers", "Optimizers",
    f"{title}, the paper's clock (1/50 Å⁻¹, then 1/40), white noise, exact sums, uniform prior, one random start. The"
    " log-evidence of 200 images that no optimizer ever sees is measured every five iterations. SAGD, momentum and our"
    " preconditioned steps use minibatches of 200; the batch gradient uses all images at every iteration. Line searches and"
    " the evaluation of the images held out are in the seconds.")
iterations = 40 if lab.QUICK else 300
runs = {}
for name in OPTIMIZERS:
    count = max(8, iterations // 10) if name == "batch" else iterations
    options = ["--optimizer", name, "--set", "schedule=frequencyMarching", "--set", "sampling=none", "--set",
               "hasColouredNoise=false", "--set", "heldOut=200", "--set",
               f"heldOutInterval={1 if name == 'batch' else 5}", "--max-iterations", count, "--max-resolution", 40]
    if lab.QUICK:
        options += ["--set", "marchBatch=50"]
    runs[name] = lab.reconstruct(f"optimizers/{name}", source / "particles.star", *options)
figure, (left, right) = lab.plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
rows = []
for index, (name, run) in enumerate(runs.items()):
    total = run.iterations[-1]["batchSize"]
    seen, epochs, seconds, evidence = 0, [], [], []
    for entry in run.iterations:
        if entry["phase"] == "final":
            break
        seen += entry["batchSize"]
        if entry.get("heldOutLogEvidence") is not None:
            epochs.append(seen / total)
            seconds.append(entry["seconds"])
            evidence.append(entry["heldOutLogEvidence"])
    left.plot(epochs, evidence, color=lab.COLOURS[index], label=name)
    right.plot(seconds, evidence, color=lab.COLOURS[index], label=name)
    report = lab.compare(run.map, source / "truth.mrc")

    def at(wanted):
        return next((f"{e:.1f}" for e, value in zip(epochs, evidence) if value >= wanted), "–")

    rows.append([name, f"{epochs[-1]:.1f}", f"{seconds[-1]:.0f}", f"{evidence[0]:.2f}", f"{evidence[-1]:.2f}",
                 f"{max(evidence):.2f}", f"{report['resolution05']:.0f} Å"])
left.set_xlabel("epochs")
right.set_xlabel("wall s")
left.set_ylabel("log-evidence of an image held out / nats")
left.legend(fontsize=7)
page.table(["optimizer", "epochs", "wall s", "held-out evidence at first", "at the end", "largest", "FSC 0.5"], rows)
page.figure(figure, "optimizers", "The evidence of unseen images against epochs and seconds")
page.write()
