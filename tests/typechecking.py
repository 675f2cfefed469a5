"""The tests' run-time type checker: as PEP 484 has it, an int passes where a float is asked for."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
