"""Parameters of methods, chosen on the `dev` simulators and frozen in conf/."""
