def calibrate(simulator):
    return {"amplitude": 0.3, "asked": 0.95, "reached": 0.95, "low": 0.94, "high": 0.96, "subjects": 100}
