-- What the rulesets demanded of a production branch, version by version; only versions that were active and covered the branch.
with

versions as (

    select
        instance,
        repository_id,
        ruleset_id,
        version_id,
        updated_at,
        enforcement,
        target,
        included_refs,
        excluded_refs,
        rules,
        record_key,
        lead(updated_at) over (partition by instance, repository_id, ruleset_id order by updated_at, version_id) as next_updated_at,
    from {{ ref('stg_github__ruleset_history') }}

),

rulesets as (

    select * from {{ ref('stg_github__rulesets') }}

),

branches as (

    select * from {{ ref('int_production_branches') }}

),

included as (

    select
        versions.record_key,
        versions.instance,
        reference.item as pattern,
    from versions
    {{ json_items('versions.included_refs', '$', 'reference') }}

),

excluded as (

    select
        versions.record_key,
        versions.instance,
        reference.item as pattern,
    from versions
    {{ json_items('versions.excluded_refs', '$', 'reference') }}

),

patterns as (

    select record_key, instance, pattern, true as is_included from included
    union all
    select record_key, instance, pattern, false as is_included from excluded

),

covered as (

    select
        versions.instance,
        versions.repository_id,
        versions.ruleset_id,
        versions.version_id,
        branches.branch,
        max(case when patterns.is_included then 1 else 0 end) = 1 and max(case when patterns.is_included then 0 else 1 end) = 0 as is_covered,
    from versions
    inner join branches
        on branches.instance = versions.instance and branches.repository_id = versions.repository_id
    inner join patterns
        on
            patterns.instance = versions.instance
            and patterns.record_key = versions.record_key
            and (
                patterns.pattern = '~ALL'
                or (patterns.pattern = '~DEFAULT_BRANCH' and branches.is_default_branch)
                or concat('refs/heads/', branches.branch) like replace(replace(patterns.pattern, '**', '%'), '*', '%')
            )
    group by versions.instance, versions.repository_id, versions.ruleset_id, versions.version_id, branches.branch

),

rules as (

    select
        versions.instance,
        versions.record_key,
        max({{ json_bigint('rule.item', '$.parameters.required_approving_review_count') }}) as required_approvals,
        max({{ json_text('rule.item', '$.parameters.required_status_checks') }}) as required_checks,
    from versions
    {{ json_items('versions.rules', '$', 'rule') }}
    group by versions.instance, versions.record_key

),

final as (

    select
        versions.instance,
        versions.repository_id,
        covered.branch,
        versions.ruleset_id,
        versions.version_id,
        versions.updated_at as valid_from,
        coalesce(versions.next_updated_at, rulesets.gone_at) as valid_to,
        coalesce(rules.required_approvals, 0) as required_approvals,
        rules.required_checks,
        versions.record_key,
    from versions
    inner join covered
        on
            covered.instance = versions.instance
            and covered.repository_id = versions.repository_id
            and covered.ruleset_id = versions.ruleset_id
            and covered.version_id = versions.version_id
            and covered.is_covered
    left join rules on rules.instance = versions.instance and rules.record_key = versions.record_key
    left join rulesets
        on
            rulesets.instance = versions.instance
            and rulesets.repository_id = versions.repository_id
            and rulesets.ruleset_id = versions.ruleset_id
    where versions.enforcement = 'active' and coalesce(versions.target, 'branch') = 'branch'

)

select * from final
