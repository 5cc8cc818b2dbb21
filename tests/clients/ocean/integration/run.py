"""Starts it: what `ocean sail` does, without its logo."""

from port_ocean.run import run

if __name__ == "__main__":
    run()
