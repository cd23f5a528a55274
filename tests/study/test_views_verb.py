"""`views` trains what is not stored, and says what a model does not have."""

import pandas as pd

from bench.explore.views.write import write


def test_views_of_a_study_are_folders_of_pictures_and_tables(planned):
    study = planned("seed.data=0", "seed.model=0", "method=[gradient]", "metric=[calibrated_ap]")
    (folder,) = write(study, 40)
    assert folder == study.folder / "views" / "box-linear-d0-m0"
    told = pd.read_csv(folder / "views.csv").set_index("view")
    assert told.loc[["first_layer", "soft_tree"], "status"].eq("ok").all()
    assert told.loc["plane", "reason"] == "this network has no hidden layer"
    assert {path.name for path in folder.iterdir()} == {
        "views.csv",
        "kernels.png",
        "subject.png",
        "tree.csv",
        "tree.png",
    }
