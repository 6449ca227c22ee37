"""The benchmark of the synthesis, and the program that it is compared with."""
