-- Month by month: how many of the resources that the control rests on were expected and covered, and whether grants occurred.
with resource_coverage as (

    select * from {{ ref('int_resource_coverage') }}
    where
        (source = 'okta' and resource in ('users', 'group_members', 'app_users', 'app_groups', 'role_assignments', 'system_log'))
        or (source = 'github' and resource in ('members', 'repository_collaborators'))
        or (source = 'jira' and resource in ('issues', 'users'))
        or (source = 'bamboohr' and resource in ('employees', 'employment_status', 'job_info'))
        or (source = 'hris_csv' and resource in ('workers', 'managers'))
        or (source = 'registers' and resource in ('systems', 'contractors', 'entitlements', 'birthright_rules', 'delegations'))

),

items as (

    select * from {{ ref('la_03__access_grants') }}

),

months as (

    select
        interval_start,
        interval_end,
        count(*) as expected,
        count(case when is_covered then 1 end) as actual,
        {{ sorted_list('gap_cause', '; ') }} as gap_cause,
    from resource_coverage
    group by interval_start, interval_end

),

occurrences as (

    select
        months.interval_start,
        count(items.item_key) as items,
    from months
    left join items
        on items.occurred_at >= months.interval_start and items.occurred_at < months.interval_end
    group by months.interval_start

),

final as (

    select
        'LA-03' as control_id,
        months.interval_start,
        months.interval_end,
        months.expected,
        months.actual,
        months.expected = months.actual as collected,
        case
            when months.expected <> months.actual then 'not_collected'
            when occurrences.items > 0 then 'operated'
            else 'no_occurrence'
        end as status,
        months.gap_cause,
    from months
    inner join occurrences
        on occurrences.interval_start = months.interval_start

)

select * from final
