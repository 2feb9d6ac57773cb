-- Month by month: how many of the resources that the control rests on were expected and covered, and whether accounts occurred.
with resource_coverage as (

    select * from {{ ref('int_resource_coverage') }}
    where
        (source = 'okta' and resource in ('users', 'apps', 'app_users', 'role_assignments', 'system_log'))
        or (source = 'github' and resource in ('members', 'outside_collaborators', 'repository_collaborators', 'external_identities'))
        or (source = 'bamboohr' and resource in ('employees', 'employment_status'))
        or (source = 'hris_csv' and resource = 'workers')
        or (source = 'registers' and resource in ('systems', 'contractors', 'service_accounts', 'person_accounts'))

),

items as (

    select * from {{ ref('la_01__accounts') }}

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
        on items.occurred_at < months.interval_end and items.evaluated_to > months.interval_start
    group by months.interval_start

),

final as (

    select
        'LA-01' as control_id,
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
