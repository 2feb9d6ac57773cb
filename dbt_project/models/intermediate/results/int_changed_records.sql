-- Every sighting of the records that were collected with more than one payload, of tables whose records never change at the
-- source (restated) and of the registers' lines (edited). What a directory holds (employees, users, requests) changes by nature.
with final as (

    {{ changed_records('okta', 'system_log', ref('stg_okta__system_log')) }}
    union all
    {{ changed_records('github', 'activity', ref('stg_github__activity')) }}
    union all
    {{ changed_records('github', 'rule_suites', ref('stg_github__rule_suites')) }}
    union all
    {{ changed_records('github', 'ruleset_history', ref('stg_github__ruleset_history')) }}
    union all
    {{ changed_records('github', 'pull_request_commits', ref('stg_github__pull_request_commits')) }}
    union all
    {{ changed_records('github', 'pull_request_events', ref('stg_github__pull_request_events')) }}
    union all
    {{ changed_records('github', 'pull_request_reviews', ref('stg_github__pull_request_reviews')) }}
    union all
    {{ changed_records('github', 'commits', ref('stg_github__commits')) }}
    union all
    {{ changed_records('github', 'check_runs', ref('stg_github__check_runs')) }}
    union all
    {{ changed_records('git', 'first_parent_commits', ref('stg_git__first_parent_commits')) }}
    union all
    {{ changed_records('jira', 'issue_changelog', ref('stg_jira__issue_histories')) }}
    union all
    {{ changed_records('registers', 'control_owners', ref('stg_registers__control_owners'), 'edited') }}
    union all
    {{ changed_records('registers', 'systems', ref('stg_registers__systems'), 'edited') }}
    union all
    {{ changed_records('registers', 'entitlements', ref('stg_registers__entitlements'), 'edited') }}
    union all
    {{ changed_records('registers', 'birthright_rules', ref('stg_registers__birthright_rules'), 'edited') }}
    union all
    {{ changed_records('registers', 'contractors', ref('stg_registers__contractors'), 'edited') }}
    union all
    {{ changed_records('registers', 'service_accounts', ref('stg_registers__service_accounts'), 'edited') }}
    union all
    {{ changed_records('registers', 'person_accounts', ref('stg_registers__person_accounts'), 'edited') }}
    union all
    {{ changed_records('registers', 'shared_secrets', ref('stg_registers__shared_secrets'), 'edited') }}
    union all
    {{ changed_records('registers', 'delegations', ref('stg_registers__delegations'), 'edited') }}
    union all
    {{ changed_records('registers', 'functional_checks', ref('stg_registers__functional_checks'), 'edited') }}
    union all
    {{ changed_records('registers', 'path_rules', ref('stg_registers__path_rules'), 'edited') }}
    union all
    {{ changed_records('registers', 'change_policies', ref('stg_registers__change_policies'), 'edited') }}
    union all
    {{ changed_records('registers', 'payroll_register', ref('stg_registers__payroll_register'), 'edited') }}
    union all
    {{ changed_records('registers', 'thresholds', ref('stg_registers__thresholds'), 'edited') }}
    union all
    {{ changed_records('registers', 'dispositions', ref('stg_registers__dispositions'), 'edited') }}
    union all
    {{ changed_records('registers', 'reconciliation_explanations', ref('stg_registers__reconciliation_explanations'), 'edited') }}
    union all
    {{ changed_records('registers', 'no_access_hires', ref('stg_registers__no_access_hires'), 'edited') }}

)

select * from final
