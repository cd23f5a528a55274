"""Other libraries' versions of methods, under their own names: what a user of the library gets, right or wrong.

An entrant does nothing for its library but choose the explained output and keep the model's flags. It claims the laws
that its method has by definition; `flaws` names the checks that the library is known to fail, and why. None of these
libraries is needed to run the benchmark; all come with the extra `entrants`.
"""
