with variables as (

    select
        '{{ var('organization') | replace("'", "''") }}' as organization,
        '{{ var('organization_slug') }}' as organization_slug,
        '{{ var('report_type') }}' as report_type,
        cast('{{ var('as_of') or var('period_start') }}' as date) as period_start_on,
        cast('{{ var('as_of') or var('period_end') }}' as date) as period_end_on,
        cast('{{ var('evidence_cutoff_at') }}' as {{ instant_type() }}) as evidence_cutoff_at,
        '{{ var('zone') }}' as zone,
        '{{ var('business_calendar') }}' as business_calendar,
        cast({{ var('snapshot_max_gap_days') }} as bigint) as snapshot_max_gap_days

),

final as (

    select
        organization,
        organization_slug,
        report_type,
        period_start_on,
        period_end_on,
        {{ start_of_day('period_start_on', 'zone') }} as period_start_at,
        {{ end_of_day('period_end_on', 'zone') }} as period_end_at,
        evidence_cutoff_at,
        zone,
        business_calendar,
        snapshot_max_gap_days
    from variables

)

select * from final
