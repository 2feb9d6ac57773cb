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
        lead(updated_at) over (partition by instance, repository_id, ruleset_id order by updated_at nulls last, version_id nulls last) as next_updated_at
    from {{ ref('stg_github__ruleset_history') }}

),

rulesets as (

    select * from {{ ref('stg_github__rulesets') }}

),

-- the last snapshot that still showed the ruleset: when it went after that, nobody can say
last_seen as (

    select
        instance,
        repository_id,
        ruleset_id,
        max(seen_to) as seen_to
    from {{ ref('stg_github__rulesets_intervals') }}
    group by instance, repository_id, ruleset_id

),

repository_snapshots as (

    select
        instance,
        repository_id,
        default_branch,
        seen_from,
        seen_to,
        row_number() over (
            partition by instance, repository_id order by seen_from nulls last, seen_to nulls last, payload_sha256 nulls last
        ) as position
    from {{ ref('stg_github__repositories_intervals') }}

),

followed_snapshots as (

    select
        *,
        lag(default_branch) over (partition by instance, repository_id order by position nulls last) as previous_default_branch
    from repository_snapshots

),

default_spells as (

    select
        *,
        sum(case when default_branch is distinct from previous_default_branch then 1 else 0 end) over (
            partition by instance, repository_id order by position nulls last rows between unbounded preceding and current row
        ) as spell_no
    from followed_snapshots

),

-- a branch is taken for the default one from the first snapshot that shows it, the first one of all from the beginning
defaults as (

    select
        instance,
        repository_id,
        default_branch,
        case when spell_no > 1 then min(seen_from) end as default_from,
        max(seen_to) as default_seen_to,
        lead(min(seen_from)) over (partition by instance, repository_id order by spell_no nulls last) as default_to
    from default_spells
    group by instance, repository_id, default_branch, spell_no

),

branches as (

    select * from {{ ref('int_production_branches') }}

),

included as (

    select
        versions.record_key,
        versions.instance,
        reference.item as pattern
    from versions
    {{ json_items('versions.included_refs', '$', 'reference') }}

),

excluded as (

    select
        versions.record_key,
        versions.instance,
        reference.item as pattern
    from versions
    {{ json_items('versions.excluded_refs', '$', 'reference') }}

),

patterns as (

    select record_key, instance, pattern, true as is_included from included
    union all
    select record_key, instance, pattern, false as is_included from excluded

),

-- versions that cover the default branch hold for as long as the branch is it; the others are one piece
default_versions as (

    select distinct
        record_key,
        instance
    from patterns
    where pattern = '~DEFAULT_BRANCH'

),

pieces as (

    select
        versions.*,
        branches.branch,
        case when defaults.instance is null then branches.is_default_branch else defaults.default_branch = branches.branch end as is_default_branch,
        defaults.default_from,
        defaults.default_seen_to,
        defaults.default_to
    from versions
    inner join branches
        on branches.instance = versions.instance and branches.repository_id = versions.repository_id
    left join default_versions
        on default_versions.instance = versions.instance and default_versions.record_key = versions.record_key
    left join defaults
        on
            default_versions.record_key is not null
            and defaults.instance = versions.instance
            and defaults.repository_id = versions.repository_id

),

covered as (

    select
        pieces.instance,
        pieces.record_key,
        pieces.branch,
        pieces.default_from,
        max(case when patterns.is_included then 1 else 0 end) = 1 and max(case when patterns.is_included then 0 else 1 end) = 0 as is_covered
    from pieces
    inner join patterns
        on
            patterns.instance = pieces.instance
            and patterns.record_key = pieces.record_key
            and (
                patterns.pattern = '~ALL'
                or (patterns.pattern = '~DEFAULT_BRANCH' and pieces.is_default_branch)
                or {{ matches_glob("concat_ws('', 'refs/heads/', pieces.branch)", 'patterns.pattern') }}
            )
    group by pieces.instance, pieces.record_key, pieces.branch, pieces.default_from

),

rules as (

    select
        versions.instance,
        versions.record_key,
        max({{ json_bigint('rule.item', '$.parameters.required_approving_review_count') }}) as required_approvals,
        max({{ json_text('rule.item', '$.parameters.required_status_checks') }}) as required_checks
    from versions
    {{ json_items('versions.rules', '$', 'rule') }}
    group by versions.instance, versions.record_key

),

bounded as (

    select
        pieces.*,
        greatest(pieces.updated_at, coalesce(pieces.default_from, pieces.updated_at)) as valid_from,
        coalesce(pieces.next_updated_at, rulesets.gone_at) as version_to,
        case when pieces.next_updated_at is null and rulesets.gone_at is not null then last_seen.seen_to end as version_seen_to
    from pieces
    inner join covered
        on
            covered.instance = pieces.instance
            and covered.record_key = pieces.record_key
            and covered.branch = pieces.branch
            and covered.default_from is not distinct from pieces.default_from
            and covered.is_covered
    left join rulesets
        on
            rulesets.instance = pieces.instance
            and rulesets.repository_id = pieces.repository_id
            and rulesets.ruleset_id = pieces.ruleset_id
    left join last_seen
        on
            last_seen.instance = pieces.instance
            and last_seen.repository_id = pieces.repository_id
            and last_seen.ruleset_id = pieces.ruleset_id
    where pieces.enforcement = 'active' and coalesce(pieces.target, 'branch') = 'branch'

),

-- certain_to: up to here it surely held; null where it is the end itself
final as (

    select
        bounded.instance,
        bounded.repository_id,
        bounded.branch,
        bounded.ruleset_id,
        bounded.version_id,
        bounded.valid_from,
        least(coalesce(bounded.version_to, bounded.default_to), coalesce(bounded.default_to, bounded.version_to)) as valid_to,
        case
            when bounded.default_to is not null and (bounded.version_to is null or bounded.default_to <= bounded.version_to) then greatest(bounded.default_seen_to, bounded.valid_from)
            when bounded.version_seen_to is not null then greatest(bounded.version_seen_to, bounded.valid_from)
        end as certain_to,
        coalesce(rules.required_approvals, 0) as required_approvals,
        rules.required_checks,
        bounded.record_key
    from bounded
    left join rules on rules.instance = bounded.instance and rules.record_key = bounded.record_key
    where
        (bounded.version_to is null or bounded.valid_from < bounded.version_to)
        and (bounded.default_to is null or bounded.valid_from < bounded.default_to)

)

select * from final
