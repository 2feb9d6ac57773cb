-- Tables whose records never change at the source: a record with two payloads was restated. Both versions are in the vault.
with final as (

    {{ restatement_counts('okta', 'system_log', ref('stg_okta__system_log')) }}
    union all
    {{ restatement_counts('github', 'activity', ref('stg_github__activity')) }}
    union all
    {{ restatement_counts('github', 'rule_suites', ref('stg_github__rule_suites')) }}
    union all
    {{ restatement_counts('github', 'pull_request_events', ref('stg_github__pull_request_events')) }}
    union all
    {{ restatement_counts('git', 'first_parent_commits', ref('stg_git__first_parent_commits')) }}
    union all
    {{ restatement_counts('jira', 'issue_changelog', ref('stg_jira__issue_histories')) }}

)

select * from final
