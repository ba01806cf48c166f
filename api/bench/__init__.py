"""The benchmarks of ``stibnite bench``: ratios, measured in one run with the calls interleaved."""
