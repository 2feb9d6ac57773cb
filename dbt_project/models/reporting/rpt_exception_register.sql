-- Every potential deviation, every item that could not be tested, every interval in which a control did not operate or was not
-- collected, each with the latest decision about it. Nobody decided on an owner: the control's owner at the evidence cutoff.
with exceptions as (

    select * from {{ ref('int_exceptions') }}

),

items as (

    select * from {{ ref('int_population_items') }}
    where status = 'NOT_TESTABLE'

),

intervals as (

    select
        *,
        case when coalesce(collected, false) then 'control_not_operated' else 'not_collected' end as type
    from {{ ref('int_coverage') }}
    where not coalesce(collected, false) or status = 'not_operated'

),

dispositions as (

    select * from {{ ref('stg_registers__dispositions') }}
    where gone_at is null
    qualify row_number() over (partition by exception_id order by decided_at desc, record_key desc) = 1

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

cutoff as (

    select {{ local_date(add_seconds('evidence_cutoff_at', -1), 'zone') }} as day_on
    from engagement

),

owners as (

    select owners.*
    from {{ ref('stg_registers__control_owners') }} as owners
    cross join cutoff
    where
        owners.gone_at is null
        and owners.valid_from <= cutoff.day_on
        and (owners.valid_to is null or owners.valid_to >= cutoff.day_on)
    qualify row_number() over (partition by owners.control_id order by owners.valid_from desc, owners.record_key asc) = 1

),

detections as (

    select
        exception_id,
        min(first_detected_at) as first_detected_at
    from {{ ref('stg_itgc__detections') }}
    group by exception_id

),

findings as (

    select
        'item' as type,
        control_id,
        rule_id,
        item_key,
        {{ null_instant() }} as affected_from,
        {{ null_instant() }} as affected_to,
        severity,
        occurred_at,
        description
    from exceptions
    union all
    select
        'not_testable',
        control_id,
        concat(control_id, '.NOT_TESTABLE'),
        item_key,
        {{ null_instant() }},
        {{ null_instant() }},
        'medium',
        occurred_at,
        concat('Evidence is missing or contradictory for: ', coalesce(rules_not_testable, 'the instant at which the control is due'))
    from items
    union all
    select
        type,
        control_id,
        concat(control_id, case type when 'not_collected' then '.NOT_COLLECTED' else '.NOT_OPERATED' end),
        concat(control_id, '/', {{ instant_to_text('interval_start') }}),
        interval_start,
        interval_end,
        'high',
        {{ null_instant() }},
        case type
            when 'not_collected' then concat('The interval was not collected: ', coalesce(gap_cause, 'no successful collection'))
            else concat('The control did not operate: ', cast(coalesce(actual, 0) as string), ' of ', cast(coalesce(expected, 0) as string), ' expected')
        end
    from intervals

),

identified as (

    select
        {{ exception_id('rule_id', 'item_key') }} as exception_id,
        findings.*
    from findings

),

final as (

    select
        identified.exception_id,
        identified.type,
        identified.control_id,
        identified.rule_id,
        identified.item_key,
        identified.affected_from,
        identified.affected_to,
        identified.severity,
        identified.occurred_at,
        detections.first_detected_at,
        identified.description,
        coalesce(dispositions.disposition, 'open') as disposition,
        dispositions.evidence as disposition_evidence,
        dispositions.root_cause,
        dispositions.extent,
        dispositions.compensating_control,
        coalesce(dispositions.owner, owners.owner) as owner,
        dispositions.justification,
        dispositions.remediation,
        dispositions.due_on,
        dispositions.approved_by,
        dispositions.approved_at,
        dispositions.closed_at,
        dispositions.retest_item_key,
        coalesce(dispositions.status, 'open') as status
    from identified
    left join dispositions on dispositions.exception_id = identified.exception_id
    left join detections on detections.exception_id = identified.exception_id
    left join owners on owners.control_id = identified.control_id

)

select * from final
