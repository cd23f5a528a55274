"""Attribution methods: one small file a family; a method is found by the `_target_` in its YAML."""
