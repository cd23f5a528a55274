"""Numbers of a long search: written at once, read back exactly, and none of a file that is damaged."""

from bench.store.kept_numbers import KeptNumbers


def test_what_was_kept_is_known_again_to_the_last_bit(tmp_path):
    path = tmp_path / "calibrate" / "kept.json"
    kept = KeptNumbers(path)
    assert not kept and not path.exists()
    kept[0.1 + 0.2] = 1 / 3
    kept[1.0] = 0.999
    assert KeptNumbers(path) == {0.1 + 0.2: 1 / 3, 1.0: 0.999}


def test_a_damaged_file_holds_nothing(tmp_path):
    path = tmp_path / "kept.json"
    for text in ("{", "[]", '{"x": 1}', '{"1.0": null}'):
        path.write_text(text)
        assert not KeptNumbers(path)
