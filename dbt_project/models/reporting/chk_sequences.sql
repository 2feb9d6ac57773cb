-- Holes in numbers that the source itself assigns. Pull requests share their numbers with issues, Jira's keys move with an issue:
-- a hole is explained in the register of reconciliation explanations, under `sequence` and `<instance>:<sequence>/<number>`.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

numbers as (

    select
        'ledger' as source,
        'ledger' as instance,
        'entries' as sequence,
        n as number
    from {{ ref('stg_ledger__collections') }}
    union all
    select
        'github',
        pull_requests.instance,
        concat('pull requests of repository ', pull_requests.repository_id),
        pull_requests.number
    from {{ ref('stg_github__pull_requests') }} as pull_requests
    cross join engagement
    where pull_requests.created_at >= engagement.period_start_at
    union all
    select
        'jira',
        issues.instance,
        concat('issues of project ', issues.project_key),
        try_cast({{ text_match('issues.issue_key', '-([0-9]+)$') }} as bigint)
    from {{ ref('stg_jira__issues') }} as issues
    cross join engagement
    where issues.created_at >= engagement.period_start_at

),

spans as (

    select
        source,
        instance,
        sequence,
        min(number) as first,
        max(number) as last,
        count(distinct number) as present
    from numbers
    where number is not null
    group by source, instance, sequence

),

explanations as (

    select
        spans.source,
        spans.instance,
        spans.sequence,
        count(distinct explanations.item_key) as explained
    from spans
    inner join {{ ref('int_reconciliation_explanations') }} as explanations
        on explanations.item_key like concat(spans.instance, ':', replace(spans.sequence, ' ', '_'), '/%')
    where
        explanations.reconciliation = 'sequence'
        and explanations.is_approved
    group by spans.source, spans.instance, spans.sequence

),

final as (

    select
        spans.source,
        spans.instance,
        spans.sequence,
        spans.first,
        spans.last,
        spans.present,
        spans.last - spans.first + 1 - spans.present as missing,
        coalesce(explanations.explained, 0) as explained
    from spans
    left join explanations
        on
            explanations.source = spans.source
            and explanations.instance = spans.instance
            and explanations.sequence = spans.sequence

)

select * from final
