-- One row: until when people, accounts of identity providers and requests are known; null where nothing that tells of them is collected.
-- What happened later may have a reason that nobody saw. A snapshot tells what the ones before it missed, a window does not: requests are
-- known to the first hole.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

instances as (

    select * from {{ ref('int_source_instances') }}

),

resources as (

    select * from {{ ref('resources') }}
    where
        (source = 'bamboohr' and resource in ('employees', 'employment_status'))
        or (source = 'hris_csv' and resource = 'workers')
        or (source = 'registers' and resource in ('contractors', 'service_accounts', 'person_accounts'))
        or (source = 'okta' and resource = 'users')

),

covered as (

    select
        source,
        instance,
        resource,
        max(covered_to) as covered_to
    from {{ ref('int_covered_intervals') }}
    group by source, instance, resource

),

reached as (

    select
        instances.source,
        coalesce(covered.covered_to, engagement.period_start_at) as known_until
    from instances
    inner join resources
        on resources.source = instances.source
    cross join engagement
    left join covered
        on covered.source = instances.source and covered.instance = instances.instance and covered.resource = resources.resource

),

by_snapshots as (

    select
        case when count(case when source in ('bamboohr', 'hris_csv') then 1 end) > 0 then min(case when source <> 'okta' then known_until end) end
            as people_known_until,
        min(case when source = 'okta' then known_until end) as idp_known_until
    from reached

),

request_instances as (

    select count(*) as instances
    from instances
    where source = 'jira'

),

request_gaps as (

    select min(gap_from) as gap_from
    from {{ ref('int_uncovered_intervals') }}
    where source = 'jira' and resource = 'issues'

),

final as (

    select
        by_snapshots.people_known_until,
        by_snapshots.idp_known_until,
        case when request_instances.instances > 0 then coalesce(request_gaps.gap_from, engagement.evidence_cutoff_at) end as requests_known_until
    from engagement
    cross join by_snapshots
    cross join request_instances
    cross join request_gaps

)

select * from final
