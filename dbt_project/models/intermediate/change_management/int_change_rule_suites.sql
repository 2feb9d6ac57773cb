-- The platform's own evaluation of the rules at the push or merge that brought the change; kept for about one month only.
with

changes as (

    select * from {{ ref('int_changes') }}

),

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

rule_suites as (

    select * from {{ ref('stg_github__rule_suites') }}
    where result in ('pass', 'bypass')

),

shas as (

    select item_key, repository_id, branch, sha from commit_changes
    union
    select item_key, repository_id, branch, tip_sha as sha from changes

),

final as (

    select
        changes.item_key,
        max(case when rule_suites.result = 'bypass' then 1 else 0 end) = 1 as is_bypassed,
        {{ sorted_list('rule_suites.rule_suite_id') }} as rule_suites
    from changes
    inner join shas on shas.item_key = changes.item_key
    inner join rule_suites
        on
            rule_suites.repository_id = shas.repository_id
            and rule_suites.after_sha = shas.sha
            and rule_suites.ref = concat('refs/heads/', shas.branch)
    group by changes.item_key

)

select * from final
