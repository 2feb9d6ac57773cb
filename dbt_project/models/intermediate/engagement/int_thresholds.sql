with versions as (

    select * from {{ ref('int_threshold_versions') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

final as (

    select
        versions.control_id,
        versions.parameter,
        versions.value,
    from versions
    cross join engagement
    where
        (versions.effective_from is null or versions.effective_from <= engagement.period_end_on)
        and (versions.effective_to is null or versions.effective_to > engagement.period_end_on)

)

select * from final
