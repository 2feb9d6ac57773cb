-- One row: until when requests and their approvals are known without a hole; null where no request system is collected. Nobody can say
-- that something was not requested which happened later.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

instances as (

    select count(*) as instances,
    from {{ ref('int_source_instances') }}
    where source = 'jira'

),

gaps as (

    select min(gap_from) as gap_from,
    from {{ ref('int_uncovered_intervals') }}
    where source = 'jira' and resource = 'issues'

),

final as (

    select case when instances.instances > 0 then coalesce(gaps.gap_from, engagement.evidence_cutoff_at) end as known_until,
    from engagement
    cross join instances
    cross join gaps

)

select * from final
