-- Tables whose records never change at the source, and how many of their records did. int_restatements says what changed.
with records as (

    {{ record_counts('okta', 'system_log', ref('stg_okta__system_log')) }}
    union all
    {{ record_counts('github', 'activity', ref('stg_github__activity')) }}
    union all
    {{ record_counts('github', 'rule_suites', ref('stg_github__rule_suites')) }}
    union all
    {{ record_counts('github', 'ruleset_history', ref('stg_github__ruleset_history')) }}
    union all
    {{ record_counts('github', 'pull_request_commits', ref('stg_github__pull_request_commits')) }}
    union all
    {{ record_counts('github', 'pull_request_events', ref('stg_github__pull_request_events')) }}
    union all
    {{ record_counts('github', 'pull_request_reviews', ref('stg_github__pull_request_reviews')) }}
    union all
    {{ record_counts('github', 'commits', ref('stg_github__commits')) }}
    union all
    {{ record_counts('github', 'check_runs', ref('stg_github__check_runs')) }}
    union all
    {{ record_counts('git', 'first_parent_commits', ref('stg_git__first_parent_commits')) }}
    union all
    {{ record_counts('jira', 'issue_changelog', ref('stg_jira__issue_histories')) }}

),

restated as (

    select
        source,
        instance,
        table_name,
        count(distinct record_key) as restated
    from {{ ref('int_restatements') }}
    where kind = 'restated'
    group by source, instance, table_name

),

final as (

    select
        records.source,
        records.instance,
        records.table_name,
        records.records,
        coalesce(restated.restated, 0) as restated
    from records
    left join restated
        on
            restated.source = records.source
            and restated.instance = records.instance
            and restated.table_name = records.table_name

)

select * from final
