with terminations as (

    select * from {{ ref('int_terminations') }}

),

final as (

    select
        item_key,
        person_id,
        terminated_on,
        recorded_at,
        exclusion,
        collection_id
    from terminations
    where exclusion in ('rescinded', 'after the period')

)

select * from final
