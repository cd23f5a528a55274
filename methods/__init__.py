"""Attribution methods: one small file per family; a method is found by the `_target_` in its YAML."""
