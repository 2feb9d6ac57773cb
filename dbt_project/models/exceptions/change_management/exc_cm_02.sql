{{ exceptions_of('CM-02', ref('cm_02__tested_changes')) }}
