-- One row per rule, threshold and version of the threshold: a change shows as a second row.
with rules as (

    select * from {{ ref('exception_rules') }}

),

parameters as (

    select
        rules.rule_id,
        parameter.item as parameter
    from rules
    {{ text_items('rules.threshold', ';', 'parameter') }}

),

versions as (

    select * from {{ ref('int_threshold_versions') }}

),

defaults as (

    select * from {{ ref('thresholds') }}

),

final as (

    select
        rules.rule_id,
        rules.control_id,
        rules.wording,
        rules.effect,
        rules.role,
        rules.severity,
        rules.escalates_on,
        rules.escalated_severity,
        parameters.parameter as threshold,
        {{ number_to_text('defaults.default_value') }} as "default",
        {{ number_to_text('versions.value') }} as value,
        versions.changed_by,
        versions.changed_at,
        versions.approved_by,
        versions.effective_from,
        {{ add_days('versions.effective_to', -1) }} as effective_to
    from rules
    left join parameters on parameters.rule_id = rules.rule_id
    left join defaults on defaults.control_id = rules.control_id and defaults.parameter = parameters.parameter
    left join versions on versions.control_id = rules.control_id and versions.parameter = parameters.parameter

)

select * from final
