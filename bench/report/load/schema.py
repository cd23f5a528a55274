"""Columns of the tables that a study folder holds, and which of them are text, flags or whole numbers."""


def _names(text: str) -> list[str]:
    return text.split()


SCORES = _names(
    "simulator network data_seed model_seed subject stratum split method view metric truth value status reason"
)
MODELS = _names(
    """simulator network data_seed model_seed auc auc_low auc_high auc_reference competence competence_low auc_off
    pair r2 r2_low r2_high r2_reference r_off auc_decorrelated auc_reversed r2_decorrelated r2_reversed passed reason
    train_subjects epochs weights separability_asked separability_reached separability_low separability_high"""
)
METHODS = _names("method family quantity role reads_model signed stochastic version reference cost summary parameters")
METRICS = _names(
    """metric kind higher_is_better low high chance unit localisation truths version reference summary parameters"""
)
FAILURES = _names("simulator network data_seed model_seed stage method metric status reason")
COSTS = _names("simulator network data_seed model_seed stage method metric seconds forward backward peak_mb")
LEADERBOARD = _names(
    """ranking metric truth view simulator network method role rank tied mean low high control gain gain_low gain_high
    n_units n_data_seeds n_subjects n_simulators status preview rank_low rank_high skill skill_low skill_high
    skill_models learned_gain individual_gain stability floor_subjects floor_untrained convergence unconverged"""
)

#: columns that are not numbers
TEXT = {
    *_names("simulator network stratum split method view metric truth status reason weights family quantity role"),
    *_names("version reference cost summary parameters kind unit truths stage pair"),
}
FLAGS = set(_names("passed reads_model signed stochastic higher_is_better localisation"))
WHOLE = {"data_seed", "model_seed"}
STATUSES = _names("ok unsupported undefined failed timeout killed")
