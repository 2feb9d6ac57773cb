with covers as (

    select * from {{ ref('int_account_covers') }}

),

final as (

    select
        item_key,
        cover,
        basis,
        covered_from,
        covered_to,
        is_certain
    from covers

)

select * from final
