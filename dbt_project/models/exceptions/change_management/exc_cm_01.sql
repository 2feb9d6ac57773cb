{{ exceptions_of('CM-01', ref('cm_01__code_changes')) }}
