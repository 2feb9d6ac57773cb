-- One row per termination on record (person × employment spell): when removal was due, and whether it belongs to the population.
with spells as (

    select * from {{ ref('int_employment_spells') }}

),

people as (

    select * from {{ ref('int_people') }}

),

calendar_days as (

    select * from {{ ref('int_calendar_days') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

terminations as (

    select
        spells.*,
        people.worker_type,
        people.display_name,
        people.source,
        people.hris_instance,
        people.calendar,
        {{ threshold('LA-04', 'sla_business_days', 'spells.terminated_on') }} as sla_business_days,
        {{ threshold('LA-04', 'involuntary_hours_where_instant_known', 'spells.terminated_on') }} as involuntary_hours,
        {{ threshold('LA-04', 'high_days', 'spells.terminated_on') }} as high_days,
        {{ threshold('LA-04', 'hr_business_days', 'spells.terminated_on') }} as hr_business_days
    from spells
    inner join people
        on people.person_id = spells.person_id
    where spells.terminated_on is not null

),

-- Another spell that goes on at, or begins after, the end of this one.
rehires as (

    select
        terminations.spell_key,
        min(greatest(later.active_from, terminations.terminated_at)) as rehired_at
    from terminations
    inner join spells as later
        on
            later.person_id = terminations.person_id
            and later.spell_key <> terminations.spell_key
            and not later.is_contradictory
            and (later.active_to is null or later.active_to > terminations.terminated_at)
    group by terminations.spell_key

),

clocks as (

    select
        terminations.*,
        rehires.rehired_at,
        {{ start_of_day('terminations.terminated_on', 'terminations.zone') }} as last_day_starts_at,
        {{ end_of_day('terminations.terminated_on', 'terminations.zone') }} as last_day_ends_at,
        case
            when terminations.is_contradictory or terminations.is_rescinded then {{ null_instant() }}
            when terminations.is_involuntary and terminations.termination_instant is not null
                then {{ add_seconds('terminations.termination_instant', '3600 * terminations.involuntary_hours') }}
            when terminations.is_involuntary then {{ end_of_day('terminations.terminated_on', 'terminations.zone') }}
            else {{ end_of_day('due_days.day_on', 'terminations.zone') }}
        end as due_at,
        {{ end_of_day('record_days.day_on', 'terminations.zone') }} as record_due_at
    from terminations
    left join rehires
        on rehires.spell_key = terminations.spell_key
    left join calendar_days as last_days
        on last_days.calendar = terminations.calendar and last_days.day_on = terminations.terminated_on
    left join calendar_days as due_days
        on
            due_days.calendar = last_days.calendar
            and due_days.is_business_day
            and due_days.business_day_no = last_days.business_day_no + terminations.sla_business_days
    left join calendar_days as record_days
        on
            record_days.calendar = last_days.calendar
            and record_days.is_business_day
            and record_days.business_day_no = last_days.business_day_no + terminations.hr_business_days

),

final as (

    select
        clocks.spell_key as item_key,
        clocks.person_id,
        clocks.worker_type,
        clocks.display_name,
        clocks.source as system,
        clocks.hris_instance as instance,
        clocks.zone,
        clocks.hired_on,
        clocks.terminated_on,
        clocks.terminated_at,
        clocks.termination_instant,
        clocks.is_involuntary,
        clocks.ended_by = 'termination' as is_recorded,
        clocks.is_contradictory,
        case
            when clocks.terminated_at >= engagement.period_start_at and clocks.terminated_at < engagement.period_end_at then clocks.terminated_at
            when clocks.last_day_starts_at >= engagement.period_start_at and clocks.last_day_starts_at < engagement.period_end_at then clocks.last_day_starts_at
            else clocks.last_day_ends_at
        end as occurred_at,
        clocks.recorded_at,
        clocks.record_due_at,
        clocks.due_at,
        case when clocks.is_involuntary is null then least(clocks.last_day_ends_at, clocks.due_at) else clocks.due_at end as earliest_due_at,
        {{ add_seconds('clocks.due_at', '86400 * clocks.high_days') }} as high_at,
        clocks.rehired_at,
        least(engagement.evidence_cutoff_at, coalesce(clocks.rehired_at, engagement.evidence_cutoff_at)) as horizon_at,
        clocks.due_at <= engagement.evidence_cutoff_at and (clocks.rehired_at is null or clocks.due_at < clocks.rehired_at) as is_due,
        case
            when clocks.is_rescinded then 'rescinded'
            when clocks.terminated_on < engagement.period_start_on then 'before the period'
            when clocks.terminated_on > engagement.period_end_on then 'after the period'
        end as exclusion,
        clocks.collection_id,
        clocks.record_key
    from clocks
    cross join engagement

)

select * from final
